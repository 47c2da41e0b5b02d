"""From the panel's inputs to an imported shot: what is asked for, the jobs under way, the jobs of before."""
