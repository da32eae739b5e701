"""Groups of mistakes: what do the samples have in common that a network gets wrong?

Groups are searched in one half of the samples and confirmed in the other, in both directions. `finding` is
the whole method in order; `population` says what it needs to know of the samples.
"""
