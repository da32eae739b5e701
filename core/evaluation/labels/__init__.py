"""Labels that are suspected to be wrong, from predictions on images that the network was not trained on."""
