"""From an application and recordings to what a board made of them: replay, record, watch, tune."""
