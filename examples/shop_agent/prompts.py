"""What users say to the agent."""

STATUS_QUESTIONS = [
    "What is the current system status?",
    "How many containers are running?",
    "Tell me about the target application.",
    "What tools do you have access to?",
    "How do you diagnose failures?",
]

# These make the agent call its tools.
TOOL_PROMPTS = [
    "Check the current system status",
    "What containers are running?",
    "Show me docker container status",
    "Read the last 50 log lines of the target application",
    "Is the database reachable?",
    "How much memory does the target application use?",
    "List the containers that restarted today",
    "Which container uses the most CPU?",
    "Check the health endpoint of the shop",
    "Are there errors in the logs of the last hour?",
    "Restart the target application if it is not healthy",
    "Compare the response times of today and yesterday",
    "Show the environment of the target application",
    "Which ports are open?",
    "Diagnose the latest failure",
]

# These it answers by itself.
SIMPLE_PROMPTS = [
    "Hello",
    "What can you help me with?",
    "Explain what you do",
    "Good morning",
    "Who made you?",
    "Which model are you?",
    "Thank you",
    "What is a container?",
    "What does healthy mean?",
    "Tell me a short joke",
    "How are you today?",
    "What is the difference between a warning and an error?",
    "Summarise what you did so far",
    "What should I ask you?",
    "Can you repair anything?",
    "Goodbye",
]

# These it should survive: refusing them is a good answer.
ERROR_PROMPTS = [
    "",
    "   ",
    "x" * 5000,
    "🔥" * 200,
    "\x00\x01\x02\x03",
    "\x1b[31mred\x1b[0m",
    "'; DROP TABLE orders; --",
    '{"message": {"message": {"message": ',
]
