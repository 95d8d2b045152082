"""Who sits at the keyboard: people, their options and forms, and the page's socket."""
