"""What `undersigned check` looks at: each module looks at one side of the site, and says in sentences what to do."""
