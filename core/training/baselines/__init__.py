"""What is too simple to need a network: the accuracy of colours and of thumbnails."""
