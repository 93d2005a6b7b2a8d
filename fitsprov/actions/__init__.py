"""One module a verb: each joins the rooms below and hands them what they need as values."""
