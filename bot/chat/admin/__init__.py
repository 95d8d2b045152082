"""What admins see of a server and change by pressing: the panel, and the hello to a new server."""
