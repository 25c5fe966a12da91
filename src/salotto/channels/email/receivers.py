"""What the email channel does when something happens in the inbox."""
