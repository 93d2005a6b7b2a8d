"""Many datasets, edges and activities at once: read in columns, made into values when somebody looks at them."""
