"""Front ends as networks: what turns a sensor's samples into what a network takes.

Each function makes a `FrontEnd` from a few settings. It is saved as a .tflite, compiled for the board as any network
is, and computed on the host by the same oracle that the board is compared with: a network learns from exactly what the
board will compute. Features are integers, and mean themselves: train on them as they are.

    front_end = log_mel(rate=16000, window_ms=30, stride_ms=20, channels=40)
    x = front_end.compute(samples)          # [windows, 40] int8
    front_end.save("front_end.tflite")
"""

from boardproof.features.front_end import FrontEnd, resample
from boardproof.features.kinds import KINDS, front_end_of
from boardproof.features.motion import scaled_window, spectrum
from boardproof.features.pictures import image
from boardproof.features.sound import log_mel, mfcc

__all__ = ["KINDS", "FrontEnd", "front_end_of", "image", "log_mel", "mfcc", "resample", "scaled_window", "spectrum"]
