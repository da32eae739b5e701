"""Concepts: parts of a layer's activations, found over many photos, that sum to a logit.

- Find them: `factors.directions`, and how many by `ranks.rank_scores` and `ranks.chosen`.
- What each contributes to a class in a photo: `shares.concept_shares`.
- Whether it does: `deleting.logits_without`.
"""
