"""What is known of each sample beside its prediction: measured in the photo, and metadata of the data set."""

from core.predictions.properties.measuring import MEASURED, measured
from core.predictions.properties.table import OBJECTS, add, missing, read

__all__ = ["MEASURED", "OBJECTS", "add", "measured", "missing", "read"]
