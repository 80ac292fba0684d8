"""AEF-OCL, Zhuang et al. 2024: does balancing the classes pay?"""
