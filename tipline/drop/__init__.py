"""Where a unit's collector fetches sealed envelopes and leaves sealed replies. It holds no key but public ones."""
