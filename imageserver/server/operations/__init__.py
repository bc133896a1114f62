"""What a server tells of itself: metrics, health, its access log, and the time that each stage of a request takes."""
