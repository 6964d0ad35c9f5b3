// Outcome: graded: needed more than 10 s
char big[8L << 30] = {1};
int main(void)
{
    return big[1];
}
