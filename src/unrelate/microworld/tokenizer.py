"""A CLIP tokenizer learnt from the embedded world's own captions."""

from __future__ import annotations

import json
import random

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from unrelate.microworld.sampler import scenes
from unrelate.microworld.talk import describe

_START, _END = "<|startoftext|>", "<|endoftext|>"
_CAPTIONS, _VOCABULARY = 20_000, 1_000
CONTEXT_LENGTH = 48


def train_tokenizer(seed: int = 0) -> CLIPTokenizer:
    """Byte-level BPE in CLIP's own format, so that any text at all can be asked about.

    The end token must not get the id 2: transformers' CLIP text tower would then pool at the
    highest token id, as old checkpoints did.
    """
    rng = random.Random(seed)
    captions = [describe(scene, rng).text for scene in scenes(rng, _CAPTIONS)]
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    bpe.normalizer = normalizers.Lowercase()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    bpe.train_from_iterator(
        captions,
        trainers.BpeTrainer(vocab_size=_VOCABULARY, initial_alphabet=bytes_, end_of_word_suffix="</w>"),
    )
    learnt = json.loads(bpe.to_str())["model"]
    merges = [tuple(merge) for merge in learnt["merges"]]
    # Every byte, alone and at the end of a word, so that no text is unknown; then what was merged.
    tokens = [*bytes_, *(byte + "</w>" for byte in bytes_), *("".join(merge) for merge in merges)]
    vocab = {token: number for number, token in enumerate([*dict.fromkeys(tokens), _START, _END])}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=CONTEXT_LENGTH)  # pyright: ignore[reportArgumentType]
