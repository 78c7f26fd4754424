"""
The HTTP door for programs: shops, warehouse, carriers and the office.
"""
