"""Samples as people have them: arrays, tables, folders of pictures and of sounds."""
