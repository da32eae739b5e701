"""Sources of data: public data sets, and any folder of images."""
