"""Joins the stages: the hot path (`dispatch`), the cold path (`controller`), re-arming, life cycle."""
