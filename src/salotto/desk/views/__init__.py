"""Pages of agents and admins."""
