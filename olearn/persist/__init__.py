"""Files of models that run no code: `olearn.save` and `olearn.load`."""
