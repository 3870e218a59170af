"""`make drill`: stop each part of a site on several machines while people sign, and see that nothing is lost."""
