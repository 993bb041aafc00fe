"""What several tests use: visitors, servers, browsers, plain second calculations."""
