"""Run records: what pipelines write down."""
