"""A further ear for English: the acoustic model of CMU Sphinx, which has heard people.

Our own nets were trained on synthetic voices alone. "en-us 5.2" (Alpha Cephei 2015, BSD-2-Clause) learnt from many hours
of people. It is a phonetically tied mixture model: a "senone" for each third of a phone between two others, which mixes the
128 Gaussian densities of that phone. Its files come out of the package pocketsphinx; they are read and computed with
here, for just the senones and frames that matter, so that what they say can be added to what the own net says.
"""
