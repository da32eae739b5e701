"""Any folder of images: what its subfolders and file names mean."""
