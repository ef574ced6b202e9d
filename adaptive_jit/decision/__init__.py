"""Prediction, trial, drift and worker numbers: from measurements to a choice per invocation."""

from adaptive_jit.decision.decider import Decider
from adaptive_jit.decision.predict import (
    Costs,
    Plan,
    Prediction,
    Saving,
    Trace,
    TraceCall,
    predict,
    saving_if,
    saving_together,
    savings,
)
from adaptive_jit.decision.workers import WorkerCount

__all__ = [
    "Costs",
    "Decider",
    "Plan",
    "Prediction",
    "Saving",
    "Trace",
    "TraceCall",
    "WorkerCount",
    "predict",
    "saving_if",
    "saving_together",
    "savings",
]
