"""How the bundled network is made: data, augmentation, training, evaluation, export. Nothing imports this room."""
