"""Why a network decides as it does: needs a model and a tensor, and knows nothing else of SeeWhy."""
