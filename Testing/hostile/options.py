"""Options that make no sense, for every command."""

from __future__ import annotations

from .craft import CORTEX
from .entry import CUBIC, Entry, bad_option

_UPSAMPLE = [
    bad_option("scale 0", "--scale 0", "'0'", "above 0"),
    bad_option("scale -1", "--scale -1", "'-1'", "above 0"),
    Entry("scale 1", tuple("1" if word == "2" else word for word in CUBIC), (), code=0),
    bad_option("scale 0.5", "--scale 0.5", "0.5", "coarser than the input", "at least 1"),
    bad_option("scale 300", "--scale 300", "GB", "smaller scale"),
    bad_option("scale 1000", "--scale 1000", "1000", "at most 16384", "choose less"),
    bad_option("scale 1e9", "--scale 1e9", "at most 16384"),
    bad_option("scale 1e308", "--scale 1e308", "at most 16384"),
    bad_option("scale nan", "--scale nan", "'nan'", "finite"),
    bad_option("scale inf", "--scale inf", "'inf'", "finite"),
    bad_option("scale 2,x", "--scale 2,x", "'2,x'", "numbers separated by commas"),
    bad_option("scale 2,3", "--scale 2,3", "'2,3'", "1 or 3"),
    bad_option("scale of four numbers", "--scale 2,2,2,2", "1 or 3"),
    bad_option("scale coarser on one axis", "--scale 2,2,0.5", "coarser", "along k"),
    Entry("empty scale", ("upsample", "INPUT", "-o", "OUT", "--scale", ""), ("''", "numbers")),
    bad_option("scale and spacing", "--scale 2 --spacing 1", "not allowed with"),
    bad_option("neither scale nor spacing", "--progress none", "--scale", "--spacing"),
    bad_option("spacing coarser than the input", "--spacing 3", "3", "not finer than the input"),
    bad_option("spacing 0", "--spacing 0", "'0'", "above 0"),
    bad_option("spacing -1", "--spacing=-1,1,1", "'-1,1,1'", "above 0"),
    bad_option("spacing nan", "--spacing nan", "'nan'", "finite"),
    bad_option("spacing of a nanometre", "--spacing 1e-6", "at most 16384"),
    bad_option("region of five numbers", "--scale 2 --roi 1 2 3 4 5", "6 arguments"),
    bad_option("region of nan", "--scale 2 --roi nan 0 0 1 1 1", "'nan'", "finite"),
    bad_option("region outside", "--scale 2 --roi 900 900 900 910 910 910", "900", "outside"),
    bad_option("region far away", f"--scale 2 --roi -{'9' * 30} 0 0 -{'8' * 30} 1 1", "outside"),
    bad_option("region without extent", "--scale 2 --roi 1 1 1 1 2 2", "no extent", "corners"),
    bad_option("volume 4 of a 3-D file", "--scale 2 --volume 4", "4", "leave the index out"),
    bad_option("volume -1", "--scale 2 --volume -1", "'-1'", "at least 0"),
    bad_option("volume beyond 64 bits", "--scale 2 --volume 99999999999999999999", "at most"),
    bad_option("no threads", "--scale 2 --threads 0", "'0'", "at least 1"),
    bad_option("a million threads", "--scale 2 --threads 1000000", "'1000000'", "at most 1024"),
    bad_option("half a thread", "--scale 2 --threads 0.5", "'0.5'", "whole number"),
    bad_option("unknown method", "--scale 2 --method magic", "magic", "cubic"),
    bad_option("unknown device", "--scale 2 --device tpu", "tpu", "cpu"),
    bad_option("unknown progress", "--scale 2 --progress loud", "loud", "json"),
    bad_option("unknown option", "--scale 2 --sharper", "--sharper", "--help"),
    bad_option("misspelt option", "--scale 2 --thraeds 2", "--thraeds", "--help"),
    Entry("input like an option", ("upsample", "-a.nii", "-o", "OUT", "--scale", "2"), ("INPUT",)),
    bad_option("extra word", "--scale 2 sharper", "sharper"),
    Entry("no command", (), ("COMMAND", "--help")),
    Entry("unknown command", ("sharpen", "INPUT"), ("sharpen", "upsample", "--help")),
    Entry("no input", ("upsample", "-o", "OUT", "--scale", "2"), ("INPUT", "--help")),
]

_EVALUATE = ("evaluate", "--hr", str(CORTEX.parent), "-o", "OUT", "--progress", "none")
_OTHERS = [
    Entry("import of no file", ("models", "import", "", "--encoder", "RDN"), ("no file ''",)),
    Entry("import of a folder", ("models", "import", "/", "--encoder", "RDN"), ("no file '/'",)),
    Entry("compare into a bitmap", ("compare", "INPUT", "--scale", "2", "-o", "a.bmp"),
          ("a.bmp", "supported ending")),
    Entry("compare at scale 0.5", ("compare", "INPUT", "--scale", "0.5", "-o", "a.png", "--model",
          "MODEL", "--progress", "none"), ("0.5", "coarser")),
    Entry("simulate at scale 0.5", ("simulate", "INPUT", "-o", "OUT", "--scale", "0.5"),
          ("0.5", "at least 1")),
    Entry("simulate at scale 1000", ("simulate", "INPUT", "-o", "OUT", "--scale", "1000"), ("1000",
          "smaller scale")),
    Entry("simulate with an unknown kernel", ("simulate", "INPUT", "-o", "OUT", "--scale", "2",
          "--kernel", "triangle"), ("triangle", "kspace")),
    Entry("simulate into text", ("simulate", "INPUT", "-o", "a.txt", "--scale", "2"),
          ("a.txt", "supported ending")),
    Entry("demo into a file", ("demo", "-o", "INPUT", "--progress", "none"),
          ("cannot be created", "choose another")),
    Entry("demo at scale 0.5", ("demo", "--scale", "0.5", "--model", "MODEL", "-o", "OUT",
          "--progress", "none"), ("0.5", "at least 1")),
    Entry("evaluate no such folder", ("evaluate", "--hr", "nowhere", "-o", "OUT"),
          ("'nowhere'", "check the name")),
    Entry("evaluate at scale 0.5", (*_EVALUATE, "--scales", "0.5"), ("'0.5'", "above 1")),
    Entry("evaluate at scale nan", (*_EVALUATE, "--scales", "2,nan"), ("'2,nan'", "above 1")),
    Entry("evaluate at scale x", (*_EVALUATE, "--scales", "2,x"), ("'2,x'", "for example 2,2.5,3")),
    Entry("evaluate magic", (*_EVALUATE, "--methods", "magic"), ("'magic'", "cubic")),
    Entry("evaluate a method twice", (*_EVALUATE, "--methods", "cubic,cubic"), ("named twice",)),
    Entry("evaluate beauty", (*_EVALUATE, "--metrics", "beauty"), ("'beauty'", "psnr")),
    Entry("evaluate without masks", (*_EVALUATE, "--masks", "nowhere"), ("'nowhere'", "--masks")),
    Entry("evaluate with no jobs", (*_EVALUATE, "--jobs", "0"), ("'0'", "at least 1")),
    Entry("evaluate an untrained baseline", (*_EVALUATE, "--methods", "dcsrn"),
          ("dcsrn", "bundled weights")),
]  # fmt: skip

_TRAIN = ("train", "--data", "INPUT", "-o", "OUT", "--recipe", "smoke", "--workers", "0",
          "--device", "cpu")  # fmt: skip


def _bad_run(name: str, options: str, *words: str) -> Entry:
    return Entry(f"train with {name}", (*_TRAIN, *options.split(" ")), words)


_TRAINING = [
    Entry("train on nothing", ("train", "-o", "OUT"), ("--data",)),
    Entry("train on no such folder", ("train", "--data", "nowhere", "-o", "OUT"),
          ("'nowhere'", "check the name")),
    Entry("train by no such recipe", ("train", "--data", "INPUT", "-o", "OUT", "--recipe", "mine"),
          ("'mine'", "default")),
    Entry("train into a file", ("train", "--data", "INPUT", "-o", "INPUT"),
          ("cannot be created", "choose another")),
    _bad_run("a change without a value", "--set optimiser.steps", "'optimiser.steps'",
             "ENTRY=VALUE"),
    _bad_run("steps in words", "--set optimiser.steps=many", "'many'", "optimiser.steps"),
    _bad_run("no steps", "--set optimiser.steps=0", "optimiser.steps is 0", "use 1 or more"),
    _bad_run("an unknown entry", "--set optimiser.speed=3", "'optimiser.speed'", "recipe"),
    _bad_run("a tiny patch", "--set patches.size=2", "patches.size is 2", "from 4 to 256"),
    _bad_run("a patch larger than the volume", "--set patches.size=40", "40", "patches.size"),
    _bad_run("scales upside down", "--set patches.scale_min=9.0", "9.0", "scale_min"),
    _bad_run("a negative share", "--set kernels.cubic=-1.0", "-1.0", "kernels.cubic"),
    _bad_run("a schedule of moods", "--set optimiser.schedule=sometimes", "'sometimes'", "cosine"),
    _bad_run("a billion channels", "--set network.encoder.features=1000000000", "1000000000",
             "from 1 to 4096"),
    _bad_run("a learning rate of nan", "--set optimiser.learning_rate=nan", "nan",
             "learning_rate"),
    _bad_run("a negative learning rate", "--set optimiser.learning_rate=-1.0", "-1.0",
             "learning_rate"),
    _bad_run("a negative seed", "--set seed=-1", "-1", "seed"),
    _bad_run("no validation steps", "--set validate_every=0", "validate_every", "0"),
    _bad_run("unknown device", "--device tpu", "'tpu'", "cpu"),
    _bad_run("negative workers", "--workers -1", "-1", "workers"),
    _bad_run("negative threads", "--threads -3", "-3", "threads"),
    _bad_run("an end before the start", "--until-step 0", "0", "until-step"),
]  # fmt: skip

ENTRIES = [*_UPSAMPLE, *_OTHERS, *_TRAINING]
