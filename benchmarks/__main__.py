"""`python -m benchmarks [NAME…]` runs the benchmarks named, or all of them, one after the other."""

import sys

from benchmarks import (
    accuracy,
    augmentation_speed,
    choose_for_voices,
    choose_speech_features,
    decoding_speed,
    diagnosis_time,
    digits_crossval,
    eight_bits,
    export_pages,
    export_parity,
    export_parity_js,
    feature_speed,
    foreign_sounds,
    gradient_features,
    health_cost,
    image_accuracy,
    lab,
    many_words,
    memory,
    own_drawings,
    prediction_speed,
    real_pictures,
    rotated_takes,
    sparse_rows,
    speech_accuracy,
    startup,
    text_accuracy,
    time_to_accuracy,
    training_speed,
    two_jobs,
    unequal_classes,
    unheard_voices,
    verdicts,
    waiting_time,
    word_error_rate,
    words_in_noise,
)

ROOMS = (
    training_speed,
    prediction_speed,
    memory,
    time_to_accuracy,
    accuracy,
    augmentation_speed,
    feature_speed,
    decoding_speed,
    sparse_rows,
    speech_accuracy,
    rotated_takes,
    many_words,
    startup,
    choose_for_voices,
    choose_speech_features,
    word_error_rate,
    waiting_time,
    words_in_noise,
    foreign_sounds,
    unheard_voices,
    digits_crossval,
    real_pictures,
    own_drawings,
    gradient_features,
    unequal_classes,
    two_jobs,
    health_cost,
    verdicts,
    diagnosis_time,
    export_parity,
    export_parity_js,
    export_pages,
    eight_bits,
    lab,
)
BENCHMARKS = {room.__name__.split(".")[1]: room.run for room in ROOMS} | image_accuracy.PARTS | text_accuracy.PARTS

if __name__ == "__main__":
    names = sys.argv[1:] or list(BENCHMARKS)
    for name in names:
        if name not in BENCHMARKS:
            sys.exit(f"error: {name}: no such benchmark; choose from {', '.join(BENCHMARKS)}")
    for name in names:
        BENCHMARKS[name]()
