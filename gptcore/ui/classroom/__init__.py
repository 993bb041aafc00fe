"""The Classroom page: open or join a room, its code and QR code, results and lessons."""
