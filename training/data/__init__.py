"""What a network learns from: photos, the classes that their pixels may have, and how a sample is drawn of them.

dataset, shop, scenes, things  which photos there are, which are held back, and how they are read
garment_masks                  masks for garments of which only the class is known
pseudo_labels, agreement       what the half-trained network adds, and what it does not believe
preparation                    all of it in memory
augmentation                   a photo made other than it was
shop_pool, grounds             shop photos, and grounds, as they are drawn
chances                        how often each photo is drawn
mixing                         a sample: which photo, and what is pasted onto it
choice                         a few photos that stand for all
"""
