"""Suffixes: the file names of recordings, pictures and texts, the same for every verb.

A suffix is a hint. If it is unknown, the first bytes decide, see `contents.task_of`.
"""

_SOUND = """
    .wav .wave .w64 .rf64 .bwf .flac .fla .ogg .oga .opus .spx .mp3 .mp2 .mpga .aif .aiff .aifc .au .snd .caf .sph .nist
    .voc .iff .8svx .sf .ircam .m4a .m4b .mp4 .aac .webm .weba .mka .mkv .amr .awb .3gp .3ga .3gpp .wma .wv .ape
    .ac3 .eac3 .dts .tta .ra .mov
"""
_PICTURES = """
    .png .apng .jpg .jpeg .jpe .jfif .jp2 .j2k .jpc .jpf .jpx .j2c .bmp .dib .gif .tif .tiff .webp .avif .avifs .pbm
    .pgm .ppm .pnm .pfm .pam .ico .icns .cur .tga .icb .vda .vst .psd .dds .pcx .dcx .pcd .sgi .rgb .rgba .bw .qoi .xbm
    .xpm .im .iim .msp .ras .spi .fli .flc .blp .ftc .ftu .fit .fits .gbr .pxr .heic .heif .hif .mpo
"""

_TEXTS = ".txt .text .md"

SUFFIXES = {
    "speech": frozenset(_SOUND.split()),
    "images": frozenset(_PICTURES.split()),
    "text": frozenset(_TEXTS.split()),
}
