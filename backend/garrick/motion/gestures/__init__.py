"""Arms and hands that go with speech: a vocabulary of gestures, when each comes, and the curves of its joints."""
