"""Every way of comparing what is kept: each module is one `linking.ports.Finder`."""
