"""Labels that are probably wrong, from predictions on images that the network was not trained on."""
