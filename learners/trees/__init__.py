"""Hoeffding trees and their forest, compiled."""
