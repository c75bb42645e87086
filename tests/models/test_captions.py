"""Captions become ids as the model was trained to read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from PIL import Image
from transformers import AutoModel, AutoTokenizer

from unrelate.errors import UserError
from unrelate.models.captions import CaptionReader
from unrelate.models.dual_encoder import DualEncoder


def test_clip_captions_are_as_long_as_the_longest(folders: dict[str, Path]) -> None:
    encoder = DualEncoder.load(folders["clip"])
    # start, "a", "c a t", end: letters but for the last, which closes the word
    assert encoder.prepare_texts(["a cat", "a"]).shape == (2, 6)
    assert encoder.prepare_texts(["a"]).shape == (1, 3)
    ids = encoder.prepare_texts(["a cat", "a"])
    end = encoder.checkpoint.tokenizer.eos_token_id
    assert ids[0, -1] == end
    assert ids[1, 2:].tolist() == [end] * 4


def test_siglip_captions_fill_the_length_it_was_trained_on(folders: dict[str, Path]) -> None:
    encoder = DualEncoder.load(folders["siglip"])
    ids = encoder.prepare_texts(["a child", "dog"])
    assert ids.shape == (2, 16)
    assert ids[1, 1:].tolist() == [1] + [0] * 14  # the end, then padding


def test_a_caption_too_long_is_cut_and_said_so_once(encoder: DualEncoder, folder: Path) -> None:
    limit = encoder._model.config.text_config.max_position_embeddings
    long = "a child drinking milk " * 20
    with pytest.warns(UserWarning, match=f"are cut at {limit}"):
        ids = encoder.prepare_texts([long, "dog"])
    assert ids.shape == (2, limit)
    wanted = AutoTokenizer.from_pretrained(folder)(long, truncation=True, max_length=limit)["input_ids"]
    assert ids[0].tolist() == wanted
    encoder.prepare_texts([long])  # a second warning would fail the test: see below
    assert encoder.text_features(ids).isfinite().all()


def test_the_second_time_nothing_is_said(encoder: DualEncoder, recwarn: pytest.WarningsRecorder) -> None:
    for _ in range(3):
        encoder.prepare_texts(["dog " * 100])
    assert len([warning for warning in recwarn if "are cut at" in str(warning.message)]) == 1


def test_no_captions(encoder: DualEncoder) -> None:
    with pytest.raises(UserError, match="no captions"):
        encoder.prepare_texts([])
    with pytest.raises(UserError, match="no images"):
        encoder.prepare_images([])


@pytest.mark.parametrize("pad", ["<|endoftext|>", "!"])
def test_old_checkpoints_pool_at_the_highest_id(
    folders: dict[str, Path],
    tmp_path: Path,
    images: list[Image.Image],
    captions: list[str],
    plain: Callable[..., tuple[torch.Tensor, torch.Tensor]],
    pad: str,
) -> None:
    """``eos_token_id`` 2, as in openai/clip-vit-base-patch32."""
    model = AutoModel.from_pretrained(folders["clip"])
    model.config.text_config.eos_token_id = 2
    model.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(folders["clip"])
    tokenizer.pad_token = pad
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_bytes(
        (folders["clip"] / "preprocessor_config.json").read_bytes()
    )
    encoder = DualEncoder.load(tmp_path)
    _, text = plain(AutoModel.from_pretrained(tmp_path), tmp_path, images, captions)
    assert encoder.prepare_texts(captions).shape[1] < 77
    torch.testing.assert_close(encoder.embed_texts(captions), text, rtol=0, atol=1e-5)


def test_where_padding_is_what_is_pooled_it_stays() -> None:
    tokenizer = Mock(pad_token_id=9, padding_side="right")
    tokenizer.side_effect = lambda text, **_: {
        "input_ids": [1, 5, 8] if isinstance(text, str) else [[1, 5, 8]]
    }
    assert CaptionReader(tokenizer, 6, 10, True, end_id=2)(["a"]).tolist() == [[1, 5, 8, 9, 9, 9]]
    assert CaptionReader(tokenizer, 6, 10, True, end_id=8)(["a"]).tolist() == [[1, 5, 8]]


def test_padding_on_the_left_stays_there_for_siglip() -> None:
    tokenizer = Mock(pad_token_id=0, padding_side="left")
    tokenizer.side_effect = lambda text, **_: {"input_ids": [5, 1] if isinstance(text, str) else [[5, 1]]}
    assert CaptionReader(tokenizer, 4, 10, False, end_id=None)(["a"]).tolist() == [[0, 0, 5, 1]]
