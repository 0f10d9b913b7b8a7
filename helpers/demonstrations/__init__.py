"""What a chapter shows in processes of its own: kills, resumes, losses."""
