"""The exchange: where an agency fetches what was released to it, and answers. It holds nothing that it could open."""
