"""A site behind the HTTP API: the same methods and results as one whose lake is read in place."""

from backsight.remote.site import RemoteSite as RemoteSite
