"""The shop's database through SQLAlchemy."""

from __future__ import annotations

from sqlalchemy import Engine, String, create_engine, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The tables."""


class Order(Base):
    """An order."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int]
    amount: Mapped[int]


class Customer(Base):
    """A customer."""

    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


def count_orders(engine: Engine, customer_id: int) -> int:
    with engine.connect() as conn:
        result = conn.execute(
            text("SELECT count(*) FROM orders WHERE customer_id = :c"), {"c": customer_id}
        )
        return result.scalar_one()


def largest_orders(engine: Engine, customer_id: int, limit: int = 3) -> list[int]:
    stmt = (
        select(Order.amount)
        .where(Order.customer_id == customer_id)
        .order_by(Order.amount.desc())
        .limit(limit)
    )
    with Session(engine) as session:
        return list(session.scalars(stmt))


def name_and_total(engine, customer_id):
    with engine.connect() as c:
        total = c.execute(
            select(func.sum(Order.amount)).where(Order.customer_id == customer_id)
        ).scalar()
        name = c.execute(select(Customer.name).where(Customer.id == customer_id)).scalar()
    return f"{name}: {total}"


def orders_in(session: Session, customer_id: int) -> list[int]:
    """Within the caller's session."""
    found = session.query(Order).filter_by(customer_id=customer_id).all()
    return sorted(order.amount for order in found)


def add_order(engine: Engine, customer_id: int, amount: int) -> int:
    with Session(engine) as session:
        order = Order(customer_id=customer_id, amount=amount)
        session.add(order)
        session.commit()
        return order.id


def rename(engine: Engine, customer_id: int) -> int:
    with engine.begin() as conn:
        done = conn.execute(
            text("UPDATE customers SET name = upper(name) WHERE id = :id"), {"id": customer_id}
        )
        return done.rowcount


def memory_engine(rows: int = 4) -> Engine:
    """A small database for tests."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Customer(id=n, name=f"c{n}") for n in range(1, rows + 1)])
        session.commit()
    return engine


def customer_name(engine: Engine, customer_id: int) -> str:
    with engine.connect() as conn:
        query = select(Customer.name).where(Customer.id == customer_id)
        return conn.execute(query).scalar_one()
