"""The names under which collectives publish: no two look the same, unless a site moderator allows it."""
