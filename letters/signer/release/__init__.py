"""Letters that name nobody until enough people have signed: count, announce, show the names, or delete all."""
