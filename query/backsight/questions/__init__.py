"""What can be asked of a site and named there, in Python."""

from backsight.questions.site import Questions as Questions
